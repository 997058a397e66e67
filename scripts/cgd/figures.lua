-- The figures of CGD. An endpoint's name brings its data and its arms.
local s = study.open(...)
local fig = {}

fig.survival = figure.survival { "TTINF",
  title  = "Time to first serious infection",
  xlabel = "Days since randomisation",
  ylabel = "Free of serious infection",
  band   = true,
  hazard_ratio = true, p_value = true, rmst = 300,
}

fig.age = figure.points { s.adsl, y = "AGE", by = "TRT01P", box = true,
  title = "Age at entry" }

return fig

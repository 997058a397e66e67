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

fig.inheritance = figure.survival { "TTINF",
  facet = "INHERIT", hazard_ratio = true, p_value = true,
  least_at_risk = 0.1, beyond = "pale", risk_table = { "at risk", "censored", "events" },
  xlabel = "Days since randomisation", ylabel = "Free of serious infection",
}

fig.age = figure.points { s.adsl, y = "AGE", by = "TRT01P", box = true,
  title = "Age at entry" }

return fig

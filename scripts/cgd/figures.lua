-- The figures of CGD. An endpoint's name brings its data, arms and results.
local s = study.open(...)
local fig = {}

fig.survival = figure.survival { "TTINF",
  title  = "Time to first serious infection",
  xlabel = "Days since randomisation",
  ylabel = "Free of serious infection",
  band   = true,
}

fig.infections = figure.points { s.adinf, y = "AVAL", by = "TRT01P", box = true,
  ylabel = "Serious infections per patient",
}

return fig

-- The figures. A figure takes data, or the name of an endpoint, whose data, visits, arms, scale and results it then shows.
local s = study.open(...)
local fig = {}

fig.flow = figure.flow { s.adsl, screened = s.ds:where { DSDECOD = "SCREENED" }, reasons = "DSREAS", width = 183 }

local function counts(name, title)
  return figure.profile { name, title = title, centre = "geometric mean", lines = true,      -- lines: each patient, thin
                          dosing = true, deaths = true, n = true, hline = s.trial.parameters[name].range[1] }
end
fig.counts = figure.panels { counts("ALC", "Lymphocytes"), counts("CD4", "CD4+"), counts("CD8", "CD8+"),
  columns = 3, letters = "A", legend = "shared", xlabel = "Day", width = 183, height = 75 }

local function marker(name, title)
  return figure.points { name, title = title, box = true, brackets = "p_adjusted", ylabel = "% of cells" }
end
fig.activation = figure.panels { marker("KI67CD4", "Ki67+ of CD4+"), marker("KI67CD8", "Ki67+ of CD8+"), marker("PD1CD8", "PD-1+ of CD8+"),
  columns = 3, letters = "A", legend = "shared", width = 183, height = 70 }

local panel = { columns = 2, letters = "A", legend = "shared", width = 183, height = 200 }
for i, code in ipairs { "IL6", "IL8", "IL10", "TNF", "IFNG" } do
  panel[i] = figure.profile { s.adcy:where { PARAMCD = code }, title = s.trial.parameters[code].label, yscale = "log",
    centre = "geometric mean", lines = true, limit = true }                                  -- limit: line, open symbols, % below
end
fig.cytokines = figure.panels(panel)

fig.outcome = figure.panels {
  figure.profile { s.adsofa:where { PARAMCD = "SOFA" }, title = "SOFA", centre = "mean", deaths = true, n = true,
    bounds = { 0, 24 }, least_n = 3 },                                                       -- two values say too little of a mean
  figure.cuminc { "TTALC", title = "ALC of 1000/uL", ylabel = "Cumulative incidence", competing_label = "death before" },
  figure.survival { s.adtte:where { PARAMCD = "DEATH" }, title = "Survival", risk_table = { "at risk", "events" }, band = true },
  figure.waterfall { s.adlb:where { PARAMCD = "ALC", AVISIT = "Day 29" }, y = "R2BASE", yscale = "log", hline = { 1, 1.5 }, title = "ALC, day 29",
    subjects = s.adsl, symbol = "SOFAGR1" },
  columns = 2, letters = "A", legend = "shared", width = 183, height = 160 }

fig.infection = figure.cuminc { "TTINF", competing_as = "stacked", event_label = "secondary infection", competing_label = "death before",
  risk_table = { "at risk", "events", "competing" }, ticks = { 0, 30, 60, 90 } }

fig.forest = figure.forest { s.results:where { variation = "main" }:where "role <> 'safety'", by = "role",
  columns = { "n", "estimate", "p_value", "p_rerandomised" }, favours = { "placebo", "CYT107" }, width = 183 }
fig.subgroups = figure.forest { "ALC50", columns = { "n_arms", "estimate", "p_value", "p_interaction" },
  favours = { "placebo", "CYT107" }, width = 183,
  names = { COUNTRY = "Country", SEX = "Sex", AGEGR1 = "Age", SOFAGR1 = "SOFA at screening" } }
fig.claims = figure.graph "claims"

fig.support = figure.swimmer { s.adsl, segments = s.support, discharge = "DISDT", width = 183,
  events = { { "Dose", s.ex:where { EXOCCUR = "Y" }, "EXSTDTC" }, { "Serious adverse event", s.adae:where { AESER = "Y" }, "ASTDT" } },
  names = { ICU = "Intensive care", VENT = "Ventilation", VASO = "Vasopressors", RRT = "Renal replacement" } }
fig.values = figure.missing { s.adlb:where { PARAMCD = "ALC", ANL01FL = "Y" }, subjects = s.adsl, width = 183 }
fig.events = figure.ae { s.adae, subjects = s.adsl, cutoff = 15, serious = true, width = 183 }
fig.markers = figure.heatmap { s.adcy:where { AVISIT = "Day 8", ANL01FL = "Y" }, cluster = "both", subjects = s.adsl,
  annotate = { "TRT01P", "DTHFL", "SITE" }, names = { SITE = "Site" }, width = 183 }
fig.organs = figure.states { s.adsofa:where { PARAMCD = "SOFA", ANL01FL = "Y" }, breaks = { 3, 6, 9, 12 }, dead = "Dead",
  discharged = "Discharged alive", width = 183 }

return fig

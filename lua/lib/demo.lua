-- demo: a small made-up study in memory, for the examples of the help.

local embedded = require "ts.embedded"

local texts = {}
for i, name in ipairs { "adsl", "adlb", "adtte" } do
  texts[i] = { name = name, text = embedded("demo/" .. name .. ".csv") }
end

--- demo: a small study to try things on
-- 24 made-up patients of three arms, in memory; changes to it are gone at the
-- end. demo.adsl has a row per patient, demo.adlb lymphocyte counts by visit,
-- demo.adtte the time to death.
--
--   > demo.adsl:count()
--       n
--   1  24
--     SIMULATED DATA
--
-- See also: study.open.
return { demo = require "trialsh.study".of_texts(texts) }

-- Grades of laboratory values: Common Terminology Criteria for Adverse Events,
-- version 5.0 (National Cancer Institute 2017), for the tests in use.

-- Each term: the unit of its cuts, the codes of parameters that it is of, and
-- low or high. Of low, a value below the lower end of normal is grade 1, one
-- below the first cut grade 2, and so on; of high, one above the upper end.
--   from     the grade that the first cut is passed into, 2 if it is not said
--   of       cuts are multiples of the upper end of normal (ULN)
--   based    where the baseline is abnormal they are multiples of that, and
--            these are the cuts; first: how that of grade 1 is passed
--   either   further multiples, of the baseline, whichever grade is higher
return { ["CTCAE 5"] = {
  lymphocytes = { codes = { "ALC", "LYM", "LYMPH" }, unit = "10^9/L",
    low = { 0.8, 0.5, 0.2 }, high = { from = 2, 4, 20 } },
  CD4 = { codes = { "CD4" }, unit = "10^9/L", low = { 0.5, 0.2, 0.05 } },
  leucocytes = { codes = { "WBC", "LEUK" }, unit = "10^9/L",
    low = { 3, 2, 1 } },
  neutrophils = { codes = { "ANC", "NEUT" }, unit = "10^9/L",
    low = { 1.5, 1, 0.5 } },
  platelets = { codes = { "PLAT", "PLT" }, unit = "10^9/L",
    low = { 75, 50, 25 } },
  haemoglobin = { codes = { "HGB", "HB" }, unit = "g/L", low = { 100, 80 } },
  potassium = { codes = { "K", "POTAS" }, unit = "mmol/L",
    high = { 5.5, 6, 7 } },
  INR = { codes = { "INR" }, unit = "1", high = { from = 1, 1.2, 1.5, 2.5 } },
  ALT = { codes = { "ALT" }, high = { of = "ULN", 3, 5, 20,
    based = { 1.5, 3, 5, 20, first = ">=" } } },
  AST = { codes = { "AST" }, high = { of = "ULN", 3, 5, 20,
    based = { 1.5, 3, 5, 20, first = ">=" } } },
  bilirubin = { codes = { "BILI", "BILT", "TBIL" }, high = { of = "ULN", 1.5,
    3, 10, based = { 1, 1.5, 3, 10, first = ">" } } },
  creatinine = { codes = { "CREAT" }, high = { of = "ULN", 1.5, 3, 6,
    either = { from = 2, 1.5, 3 } } },
} }

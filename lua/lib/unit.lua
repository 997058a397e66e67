-- Units of laboratory values: what they measure, and the factor between two.
-- A unit is a product of words over a product of words; each word has a power
-- of ten, a mantissa and a dimension, so that factors are exact decimals.

local M = {}

-- base -> { dimension, exponent of ten, mantissa or 1 }
local bases = {
  g = { "mass", 0 }, mol = { "amount", 0 }, L = { "volume", 0 },
  l = { "volume", 0 }, Pa = { "pressure", 0 }, mmHg = { "pressure", 0,
    133.322387415 }, U = { "activity", 0 }, IU = { "activity", 0 },
  kat = { "activity", 0, 6e7 }, s = { "time", 0 }, min = { "time", 0, 60 },
  h = { "time", 0, 3600 }, d = { "time", 0, 86400 },
  m3 = { "volume", 3 }, dm3 = { "volume", 0 }, cm3 = { "volume", -3 },
  mm3 = { "volume", -6 }, Eq = { "charge", 0 }, AB = { "antibodies", 0 },
}
local numbers = { ["%"] = -2, ["1"] = 0, fraction = 0, cells = 0, cell = 0,
  Cells = 0, ratio = 0, G = 9, GI = 9, T = 12, TI = 12, K = 3, k = 3, M = 6,
  thou = 3, mill = 6, [""] = 0 }
local prefixes = { k = 3, h = 2, d = -1, c = -2, m = -3, u = -6, n = -9,
  p = -12, f = -15 }
local counted = { cells = true, cell = true, Cells = true }

-- One word: exponent, mantissa, dimension or nil for a number.
local function word(text)
  local ten = text:match "^x?%s*10[%^*]+(%d+)$" or text:match "^10[eE](%d+)$"
  if ten then return tonumber(ten), 1 end
  if numbers[text] then return numbers[text], 1 end
  local base = bases[text]
  if base then return base[2], base[3] or 1, base[1] end
  local prefix, rest = text:match "^(%a)(.+)$"
  base = prefix and prefixes[prefix] and #rest > 0 and bases[rest]
  if base and rest ~= "m3" and rest ~= "min" and rest ~= "mmHg" then
    return base[2] + prefixes[prefix], base[3] or 1, base[1]
  end
end

--- unit.parse(text) -> { exponent, mantissa, dimension } or nil
-- dimension is a text, equal for units that measure the same: "mass/volume".
function M.parse(text)
  local plain = text:gsub("\u{B5}", "u"):gsub("\u{3BC}", "u")
    :gsub("mcg", "ug"):gsub("\u{B3}", "3"):gsub("%^3", "3")
  plain = plain:gsub("10(%d)/", "10^%1/") -- 109/L means 10^9/L
  local out = { exponent = 0, mantissa = 1 }
  local up, down, first = {}, {}, true
  for part in (plain .. "/"):gmatch "([^/]*)/" do
    for piece in (part == "" and " " or part):gmatch "[^ ]+" do
      local exponent, mantissa, dimension = word(piece)
      if not exponent then return nil end
      local sign = first and 1 or -1
      out.exponent = out.exponent + sign * exponent
      out.mantissa = first and out.mantissa * mantissa
        or out.mantissa / mantissa
      local list = first and up or down
      if dimension then list[#list + 1] = dimension end
      if counted[piece] and not first then down[#down + 1] = "cell" end
    end
    first = false
  end
  table.sort(up)
  table.sort(down)
  out.dimension = (#up > 0 and table.concat(up, " ") or "number")
    .. (#down > 0 and "/" .. table.concat(down, " ") or "")
  return out
end

-- Of these substances mass and amount are one: { unit of mass, unit of amount,
-- how many of the second one of the first is }.
local analytes = {
  creatinine = { "mg/dL", "umol/L", 88.42 },
  bilirubin = { "mg/dL", "umol/L", 17.104 },
  lactate = { "mg/dL", "mmol/L", 1 / 9.008 },
  glucose = { "mg/dL", "mmol/L", 0.0555 },
}

-- What parameters of CDISC measure.
local codes = { CREAT = "creatinine", BILI = "bilirubin", BILT = "bilirubin",
  LACT = "lactate", LACTICAC = "lactate", GLUC = "glucose" }

--- unit.analytes(): their names, sorted.
function M.analytes()
  local list = {}
  for name in pairs(analytes) do list[#list + 1] = name end
  table.sort(list)
  return list
end

--- unit.analyte(code) -> "creatinine" of CREAT, or nil
function M.analyte(code) return codes[code] end

-- The factor of two parsed units of one dimension: times, over.
local function ratio(a, b)
  local e, m = a.exponent - b.exponent, a.mantissa / b.mantissa
  if e >= 0 then return m * 10.0 ^ e, 1 end
  return m, 10.0 ^ -e
end

--- unit.factor(from, to [, analyte]) -> times, over; or nil, what each measures
-- x of from is x * times / over of to.
function M.factor(from, to, analyte)
  if from == to then return 1, 1 end
  local a, b = M.parse(from), M.parse(to)
  if not a or not b then
    return nil, a and a.dimension, b and b.dimension
  end
  if a.dimension == b.dimension then return ratio(a, b) end
  local of = analytes[analyte]
  if of then
    local mass, amount = M.parse(of[1]), M.parse(of[2])
    if a.dimension == mass.dimension and b.dimension == amount.dimension then
      local t1, o1 = ratio(a, mass)
      local t2, o2 = ratio(amount, b)
      return t1 * of[3] * t2, o1 * o2
    elseif a.dimension == amount.dimension
        and b.dimension == mass.dimension then
      local t1, o1 = ratio(a, amount)
      local t2, o2 = ratio(mass, b)
      return t1 * t2, o1 * of[3] * o2
    end
  end
  return nil, a.dimension, b.dimension
end

return M

-- Numbers as people read them: decimal rounding, digits, P, intervals.
local lu = require "luaunit"
local f = require "trialsh.format"

TestFormat = {}

function TestFormat:test_fixed()
  for _, case in ipairs {
    { 2.675, 2, "2.68" }, { 1.005, 2, "1.01" }, { -0.0, 2, "0.00" },
    { -0.004, 2, "0.00" }, { -0.005, 2, "-0.01" }, { 99.95, 1, "100.0" },
    { 0.5, 0, "1" }, { 1.5, 0, "2" }, { 2.5, 0, "3" }, { -2.5, 0, "-3" },
    { 0.49999999999999994, 0, "0" }, { 9.5, 0, "10" }, { 0.05, 1, "0.1" },
    { 0.95, 0, "1" }, { 0.04, 0, "0" }, { 1e-310, 3, "0.000" },
    { 1e22, 1, "10000000000000000000000.0" }, { 1.5e16, 0, "15000000000000000" },
    { 123456789012345678, 0, "123456789012345680" }, { 0.1 + 0.2, 3, "0.300" },
    { 3, 2, "3.00" }, { 12, 0, "12" }, { 0.0995, 3, "0.100" },
    { 8.345, 2, "8.35" }, { 1234.5678, 2, "1234.57" }, { 999.9996, 3, "1000.000" },
    { NA, 2, "NA" }, { 0/0, 2, "NA" }, { math.huge, 1, "Inf" },
    { -math.huge, 1, "-Inf" }, { 5e-324, 2, "0.00" }, { 0.125, 20, "0.12500000000000000000" },
  } do
    lu.assertEquals(f.fixed(case[1], case[2]), case[3])
  end
end

-- every number of two decimals that ends in 5 goes up, whatever its double
function TestFormat:test_half_goes_up()
  for i = 5, 99995, 10 do
    local x = tonumber(("%d.%02d"):format(i // 100, i % 100))
    lu.assertEquals(f.fixed(x, 1),
      ("%d.%d"):format((i + 5) // 100, (i + 5) // 10 % 10))
  end
end

function TestFormat:test_significant()
  for _, case in ipairs {
    { 0.000314159, 2, "0.00031" }, { 2.78752249114e-19, 3, "2.79e-19" },
    { 99.95, 3, "100" }, { 0.0999, 2, "0.10" }, { 1036.2, 3, "1040" },
    { 5, 3, "5.00" }, { 0, 3, "0" }, { 9.996e20, 3, "1.00e21" },
    { 9.99e-7, 2, "0.0000010" }, { 9.9e-7, 2, "9.9e-7" }, { -1234, 2, "-1200" },
    { 5e-324, 1, "5e-324" },
  } do
    lu.assertEquals(f.significant(case[1], case[2]), case[3])
  end
end

function TestFormat:test_percent()
  for _, case in ipairs { { 0, 0, "0 %" }, { 0, 1, "0.0 %" }, { 1, 0, "100 %" },
    { 0.125, 1, "12.5 %" }, { 0.005, 0, "1 %" }, { 0.00499, 0, "0 %" },
    { 0.995, 0, "100 %" }, { NA, 0, "NA %" } } do
    lu.assertEquals(f.percent(case[1], case[2]), case[3])
  end
end

-- P by journal: at their borders and at both ends.
function TestFormat:test_p_of_journals()
  local p_text = require "trialsh.p_text"
  local cases = {
    { 0, "<1e-300", "<0.001", "<.001", "<0.001", "<0\u{b7}0001" },
    { 0.00004, "0.000040", "<0.001", "<.001", "<0.001", "<0\u{b7}0001" },
    { 0.00031, "0.00031", "<0.001", "<.001", "<0.001", "0\u{b7}0003" },
    { 0.0009999, "0.0010", "<0.001", "<.001", "<0.001", "0\u{b7}0010" },
    { 0.001, "0.001", "0.001", ".001", "0.001", "0\u{b7}0010" },
    { 0.0046, "0.005", "0.005", ".005", "0.005", "0\u{b7}0046" },
    { 0.00996, "0.010", "0.010", ".010", "0.010", "0\u{b7}010" },
    { 0.01, "0.010", "0.010", ".01", "0.010", "0\u{b7}010" },
    { 0.0101, "0.010", "0.01", ".01", "0.010", "0\u{b7}010" },
    { 0.027, "0.027", "0.03", ".03", "0.027", "0\u{b7}027" },
    { 0.0449, "0.045", "0.04", ".04", "0.045", "0\u{b7}045" },
    { 0.046, "0.046", "0.05", ".046", "0.046", "0\u{b7}046" },
    { 0.0495, "0.050", "0.05", ".050", "0.050", "0\u{b7}050" },
    { 0.05, "0.050", "0.05", ".05", "0.050", "0\u{b7}050" },
    { 0.054, "0.054", "0.05", ".05", "0.054", "0\u{b7}054" },
    { 0.2, "0.200", "0.20", ".20", "0.200", "0\u{b7}20" },
    { 0.2001, "0.200", "0.20", ".20", "0.20", "0\u{b7}20" },
    { 0.675, "0.675", "0.68", ".68", "0.68", "0\u{b7}68" },
    { 0.994, "0.994", "0.99", ".99", "0.99", ">0\u{b7}99" },
    { 0.995, "0.995", ">0.99", ">.99", ">0.99", ">0\u{b7}99" },
    { 1, "1", ">0.99", ">.99", ">0.99", ">0\u{b7}99" },
    { NA, "NA", "NA", "NA", "NA", "NA" },
  }
  for _, case in ipairs(cases) do
    for i, journal in ipairs(p_text.journals) do
      lu.assertEquals(p_text.number(case[1], journal), case[i + 1],
        journal .. " " .. tostring(case[1]))
    end
  end
  lu.assertEquals(p_text.equals(0.0004, "NEJM"), "P < 0.001")
  lu.assertEquals(p_text.equals(0.027, "jama"), "P = .03")
  lu.assertEquals(p_text.equals(0.027, "Lancet"), "p=0\u{b7}027")
  lu.assertEquals(p_text.equals(0.027), "P = 0.027")
  local ok, err = pcall(p_text.number, 0.1, "BMJ")
  lu.assertFalse(ok)
  lu.assertStrContains(err.message, "none of plain, NEJM, JAMA, Annals, Lancet")
end

-- Tables round like everything else.
function TestFormat:test_tables()
  local show = require "trialsh.show"
  local body = show.table({ { name = "x", type = "real",
    values = { 1.0000005, 0.1234565, 1.2345665 } } }, 3, {})
  lu.assertStrContains(body, "1.000001")
  lu.assertStrContains(body, "1.234567")
end

function TestFormat:test_p()
  for _, case in ipairs {
    { 0.0425, "0.043" }, { 0.043, "0.043" }, { 0.00031, "0.00031" },
    { 0.000075, "0.000075" }, { 0.0000063, "0.0000063" }, { 0.9125, "0.913" },
    { 0.001, "0.001" }, { 0.0009999, "0.0010" }, { 2.8e-19, "2.8e-19" },
    { 0, "<1e-300" }, { 1e-301, "<1e-300" }, { 1e-300, "1.0e-300" },
    { 0.9996, ">0.999" }, { 0.9994, "0.999" }, { 1, "1" }, { NA, "NA" },
  } do
    lu.assertEquals(f.p(case[1]), case[2])
  end
  lu.assertEquals(f.p(0.00031, 0.001), "<0.001")
  lu.assertEquals(f.p_equals(0.027), "P = 0.027")
  lu.assertEquals(f.p_equals(0), "P < 1e-300")
  lu.assertEquals(f.p_equals(NA), "P = NA")
end

function TestFormat:test_percent()
  lu.assertEquals(f.percent(0.285), "29 %")
  lu.assertEquals(f.percent(14 / 17), "82 %")
  lu.assertEquals(f.percent(1, 1), "100.0 %")
  lu.assertEquals(f.percent(0.00049, 1), "0.0 %")
  lu.assertEquals(f.percent(0.0005, 1), "0.1 %")
  lu.assertEquals(f.percent(NA), "NA %")
  lu.assertEquals(f.level(0.95), "95 %")
  lu.assertEquals(f.level(0.999), "99.9 %")
  lu.assertEquals(f.level(0.9), "90 %")
  lu.assertEquals(f.level(0.9875), "98.75 %")
  lu.assertEquals(f.level(0.05), "5 %")
end

function TestFormat:test_interval()
  lu.assertEquals(f.interval(0.337, 1.2544, 3), "0.337 to 1.254")
  lu.assertEquals(f.interval(-math.huge, 1.25, 1), "below 1.3")
  lu.assertEquals(f.interval(-2, math.huge, 0), "above -2")
  lu.assertEquals(f.interval(NA, NA, 0), "NA")
  lu.assertEquals(f.cell(1.5e300, 1), "1.500e300")
  lu.assertEquals(f.cell(2.5e-13, 12), "2.500e-13")
  lu.assertEquals(f.cell(2.5, 1), "2.5")
  lu.assertEquals(f.decimals(3.57), 2)
  lu.assertEquals(f.decimals(0.917), 3)
  lu.assertEquals(f.decimals(357), 0)
  lu.assertEquals(f.decimals(1e6), 0)
  lu.assertEquals(f.decimals(NA), 3)
end

os.exit(lu.LuaUnit.run())

-- Reports and filled manuscripts: what stands in them comes from the stored
-- results, all of it or nothing, with the mark of made-up data.
local lu = require "luaunit"
local relations = require "tests.lua.relations"
local files = require "ts.file"

local refuses = relations.refuses

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)

local function write(name, words)
  local f = assert(io.open(folder .. "/" .. name, "w"))
  f:write(words)
  f:close()
  return folder .. "/" .. name
end

local function content(path)
  local f = assert(io.open(path, "rb"))
  local all = f:read "a"
  f:close()
  return all
end

-- A trial of eight whose values are to be followed: one differs by `age`.
local function study_of(name, age)
  local arms, rows = { "P", "A" }, { "USUBJID,TRT01P,AGE,RESP" }
  for i = 1, 8 do
    rows[#rows + 1] = ("S%d,%s,%s,%s"):format(i, arms[i % 2 + 1],
      i == 1 and age or 40 + 3 * i, i % 2 == 0 and i > 6 and "N" or "Y")
  end
  local s = study.create(folder .. "/" .. name .. ".db")
  s.trial = trial "T-1" { title = "A trial of <eight> & more",
    arms = { { "P", "Placebo", reference = true }, { "A", "Active" } },
    compare = "A vs P",
    populations = { { "ITT", "All randomised", "TRT01P is not null" } } }
  s:import(write(name .. ".csv", table.concat(rows, "\n") .. "\n"),
    { as = "adsl", simulated = true })
  endpoint "AGE" { title = "Age", data = "adsl", variable = "AGE", analysis = "ttest" }
  endpoint "RESP" { title = "Response", data = "adsl", variable = "RESP = 'Y'",
    analysis = "riskdiff" }
  run(s)
  return s
end

local s = study_of("one", 43)

TestFill = {}

function TestFill.test_values_have_the_digits_of_tables()
  local r = s:result "AGE"
  local from = write("p.md", "{{AGE.estimate}}|{{ AGE.conf_low , 4}}|{{AGE.n}}|{{RESP.events_1}}|"
    .. "{{RESP.estimate_1, 1 %}}|{{ITT.n}}|{{ITT[A].n}}|{{trial.id}}\n")
  local out, n = fill(from, nil, { study = s })
  lu.assertEquals(out, folder .. "/p.filled.md")
  lu.assertEquals(n, 8)
  local words = content(out)
  lu.assertEquals(words:match "^%*%*SIMULATED DATA%*%*\n\n(.*)$",
    ("%.1f|%.4f|8|4|100.0 %%|8|4|T-1\n"):format(r.estimate, r.conf_low))
end

function TestFill.test_an_address_alone_is_a_sentence()
  local words = content((fill(write("s.txt", "{{RESP}}\n{{AGE}}"), nil, { study = s })))
  lu.assertStrContains(words, "Response: 4 of 4 (100 %) with A and 3 of 4 (75 %) "
    .. "with P; risk difference 0.25 (95 % CI ")
  lu.assertStrContains(words, "Age: difference in means, A (n = 4) vs P (n = 4), ")
  lu.assertStrContains(words, ("P = %s."):format(
    require "trialsh.format".p(s:result "AGE".p_value)))
  words = content((fill(write("s.txt", "{{RESP}}. {{RESP}}"), nil, { study = s })))
  local first, second = words:match "(Response: .-)%. (Response: .*)$"
  lu.assertEquals(first .. ".", (second:gsub("%s+$", "")))
end

function TestFill.test_a_test_without_an_estimate_names_itself()
  local row = setmetatable({ title = "Death", endpoint = "OS", variation = "main",
    compare = "A vs P", n_1 = 20, n_2 = 40, analysis = "logrank",
    method = "Log-rank test", statistic = 1.5796, df = 1, p_value = 0.2088 },
    { __index = function() return NA end })
  lu.assertEquals(require "trialsh.document.sentence".of(row), "Death: A (n = 20) "
    .. "vs P (n = 40), Log-rank test, statistic 1.58, df 1, P = 0.209.")
end

-- Who is not followed to the end has no share in a percentage.
function TestFill.test_events_of_both_arms()
  local function of(fields)
    for key, value in pairs { title = "T", endpoint = "E", variation = "main" } do
      fields[key] = value
    end
    return require "trialsh.document.sentence".of(setmetatable(fields,
      { __index = function() return NA end }))
  end
  lu.assertEquals(of { compare = "A vs B", n_1 = 63, n_2 = 65, events_1 = 14,
    events_2 = 30, analysis = "logrank", method = "Log-rank test",
    statistic = 11.66, df = 1, p_value = 0.0006 },
    "T: 14 of 63 with A and 30 of 65 with B; Log-rank test, statistic 11.7, df 1, "
      .. "P = 0.00060.")
  lu.assertEquals(of { compare = "A vs B", n_1 = 63, n_2 = 65, events_1 = 1,
    events_2 = 56, analysis = "rateratio", estimate_name = "rate ratio",
    estimate = 0.35, conf_low = 0.2, conf_high = 0.6, conf_level = 0.95 },
    "T: 1 event with A (n = 63) and 56 events with B (n = 65); rate ratio 0.350 "
      .. "(95 % CI 0.200 to 0.600).")
  lu.assertStrContains(of { compare = "A vs B", n_1 = 17, n_2 = 10, events_1 = 15,
    events_2 = 4, analysis = "cuminc", estimate = 0.5,
    estimate_name = "difference of cumulative incidence at 60" },
    "T: 15 of 17 with A and 4 of 10 with B; difference of cumulative incidence "
      .. "at 60: 0.5")
  lu.assertEquals(of { group = "B", n = 65, n_event = 14, analysis = "km",
    estimate_name = "median", conf_low = 373, conf_level = 0.95,
    note = "the median is not reached" }, "T: B: 14 of 65, median not known "
      .. "(95 % CI above 373) (the median is not reached).")
  lu.assertEquals(of { n = 128, n_event = 44, analysis = "logrank", method = "M",
    statistic = 2, df = 2, p_value = 0.5 },
    "T: 44 of 128 in all arms; M, statistic 2.00, df 2, P = 0.500.")
  -- results that were stored without events
  lu.assertStrContains(of { compare = "A vs B", n_1 = 17, n_2 = 10,
    analysis = "cuminc", estimate_name = "X", estimate = 0.5 },
    "T: X, A (n = 17) vs B (n = 10), 0.5")
end

function TestFill.test_the_sign_of_a_small_p_takes_the_place_of_equals()
  local place = require "trialsh.document.place"
  local fake = { result = function() return { p_value = 0.0000001, note = NA } end }
  lu.assertEquals((place.fill(fake, "P = {{X.p_value}}.", { name = "x",
    journal = "NEJM" })), "P < 0.001.")
  lu.assertEquals((place.fill(fake, "({{X.p_value}})", { name = "x",
    journal = "NEJM" })), "(<0.001)")
end

function TestFill.test_tex_and_html_are_escaped_and_marked()
  local tex = content((fill(write("p.tex",
    "\\begin{document}\n{{trial.title}} {{RESP}}\n"), nil, { study = s })))
  lu.assertStrContains(tex, "\\begin{document}\n\\noindent\\textbf{SIMULATED DATA}")
  lu.assertStrContains(tex, "A trial of \\textless{}eight\\textgreater{} \\& more")
  lu.assertStrContains(tex, "100 \\%")
  local html = content((fill(write("p.html", "<body class=x>{{trial.title}}</body>"),
    nil, { study = s })))
  lu.assertEquals(html, "<body class=x>\n<p><strong>SIMULATED DATA</strong></p>"
    .. "A trial of &lt;eight&gt; &amp; more</body>")
end

function TestFill.test_mistakes_are_told_at_once_and_nothing_is_written()
  local from = write("bad.md", "one {{AGEE}}\n\u{e9} {{AGE.estimat}} {{AGE.p_adjusted}}\n"
    .. "{{ITT.p_value}} {{trial.nothing}} {{AGE@Day 3}}\n")
  local ok, err = pcall(fill, from, folder .. "/bad.out.md", { study = s })
  lu.assertFalse(ok)
  for _, words in ipairs { "bad.md:1:5: {{AGEE}}: no result AGEE; nearest: AGE",
    "bad.md:2:3: {{AGE.estimat}}: ", "nearest: estimate",
    "bad.md:2:19: {{AGE.p_adjusted}}: AGE.p_adjusted is NA",
    "bad.md:3:1: {{ITT.p_value}}", "the trial has no nothing",
    "{{AGE@Day 3}}" } do
    lu.assertStrContains(tostring(err), words)
  end
  lu.assertFalse(files.exists(folder .. "/bad.out.md"))
  refuses("takes .docx, .md, .tex, .html and .txt, not .doc", fill, "x.doc")
  refuses("no_such.md", fill, folder .. "/no_such.md", nil, { study = s })
  refuses("the places would be gone", fill, from, from, { study = s })
  refuses("not UTF-8", fill, write("latin.md", "\xe9"), nil, { study = s })
  refuses("no option studdy; nearest: study", fill, from, nil, { studdy = s })
end

-- A document of Word, whose runs cut addresses where they like.
local function docx(name, body)
  local path = folder .. "/" .. name
  require "ts.zip".write(path, { { "[Content_Types].xml", "<Types/>" },
    { "word/document.xml", '<w:document><w:body><w:pPr/>' .. body
      .. "</w:body></w:document>" }, { "word/media/image1.png", "\137PNG\0" },
    { "word/footer1.xml", "<w:ftr><w:p><w:r><w:t>{{trial.id}}</w:t></w:r></w:p></w:ftr>" } })
  return path
end

local function parts_of(path)
  local parts = {}
  for _, e in ipairs(require "ts.zip".read(content(path))) do parts[e[1]] = e[2] end
  return parts
end

function TestFill.test_word()
  local r = s:result "AGE"
  local from = docx("p.docx", '<w:p><w:r><w:tab/><w:t>n = {</w:t></w:r><w:r><w:b/><w:t>{AGE</w:t></w:r>'
    .. '<w:r><w:t xml:space="preserve">.n} of {</w:t></w:r><w:r><w:t>} them</w:t></w:r></w:p>'
    .. '<w:p w:id="2"><w:r><w:t>{{AGE.n}}{{trial.title}} &amp; {{ITT.n</w:t></w:r><w:proofErr/>'
    .. '<w:r><w:t>}} end</w:t></w:r></w:p><w:p><w:r><w:t>as it &lt;was</w:t></w:r></w:p>')
  local broken = docx("broken.docx", '<w:p><w:r><w:t>n = {</w:t></w:r><w:r><w:b/><w:t>{AGE</w:t></w:r>'
    .. '<w:r><w:t xml:space="preserve">.n}} of</w:t></w:r></w:p>')
  local parts = parts_of((fill(broken, nil, { study = s })))
  lu.assertStrContains(parts["word/document.xml"], '<w:body><w:p><w:r><w:rPr><w:b/></w:rPr><w:t>SIMULATED DATA</w:t>')
  lu.assertStrContains(parts["word/document.xml"], '<w:t xml:space="preserve">n = 8</w:t>')
  lu.assertStrContains(parts["word/document.xml"], '<w:t xml:space="preserve"> of</w:t>')
  lu.assertEquals(parts["word/footer1.xml"], '<w:ftr><w:p><w:r><w:t xml:space="preserve">T-1</w:t></w:r></w:p></w:ftr>')
  lu.assertEquals(parts["word/media/image1.png"], "\137PNG\0")
  parts = parts_of((fill(from, folder .. "/q.docx", { study = s })))
  local xml = parts["word/document.xml"]
  lu.assertStrContains(xml, '>8A trial of &lt;eight&gt; &amp; more &amp; 8</w:t></w:r><w:proofErr/>')
  lu.assertStrContains(xml, '<w:t>as it &lt;was</w:t>')
  lu.assertEquals(r.n, 8)
  refuses("word/document.xml:1:1: {{AGEE}}: no result AGEE", fill,
    docx("bad.docx", "<w:p><w:r><w:t>{{AGEE}}</w:t></w:r></w:p>"), nil, { study = s })
  refuses("damaged zip archive", fill, write("no.docx", "PK"), nil, { study = s })
  lu.assertFalse(files.exists(folder .. "/bad.filled.docx"))
end

TestReport = {}

local function entries(of)
  return "# Who *they* were\n\n{{ITT.n}} of them.\n\n- one\n- two <b>\n\n### Deep",
    table.summary { of.adsl, by = "TRT01P", title = "Baseline <1>", "AGE" },
    "# And then\n\n{{AGE}} `a*b*`",
    figure.points { of.adsl, y = "AGE", by = "TRT01P", title = "Age & arm" }
end

local function make(of, name, opt)
  local given = { entries(of) }
  given.out, given.study = folder .. "/" .. name, of
  for key, value in pairs(opt or {}) do given[key] = value end
  return report "r" (given)
end

function TestReport.test_the_page_needs_nothing_else()
  local page = content(make(s, "page"))
  lu.assertStrContains(page, "default-src 'none'; img-src data:")
  lu.assertNotStrContains(page:lower(), "<script")
  lu.assertNil(page:find('src="http', 1, true))
  lu.assertStrContains(page, "<title>A trial of &lt;eight&gt; &amp; more</title>")
  lu.assertStrContains(page, "<h2 id=\"who-they-were\">Who <em>they</em> were</h2>")
  lu.assertStrContains(page, "<p>8 of them.</p>")
  lu.assertStrContains(page, "<ul><li>one</li><li>two &lt;b&gt;</li></ul>")
  lu.assertStrContains(page, "<h3 id=\"deep\">") -- no level is left out
  lu.assertStrContains(page, "<code>a*b*</code>")
  lu.assertStrContains(page, "Table 1. Baseline &lt;1&gt;")
  lu.assertStrContains(page, "<strong>Figure 1.</strong> Age &amp; arm.")
  lu.assertStrMatches(page, '.*<img alt="Age &amp; arm[^"]+SIMULATED DATA%." width="%d+" height="%d+" src="data:image/svg.xml,[^"<>]+">.*')
  lu.assertStrContains(page, '<div class="mark">SIMULATED DATA</div>')
  lu.assertStrContains(page, "Statistical methods")
  for id in page:gmatch 'href="#([^"]+)"' do
    lu.assertStrContains(page, ('id="%s"'):format(id))
  end
  local check = io.popen(("xmllint --html --noout '%s/page/r.html' 2>&1 | "
    .. "grep -v 'Tag \\(figure\\|figcaption\\|main\\|nav\\|header\\|footer\\) invalid' | grep error"):format(folder))
  lu.assertEquals(check:read "a", "")
  check:close()
end

-- A figure without a title is what it is in the contents, not how its caption begins.
function TestReport.test_contents_name_a_figure_without_a_title()
  report "r" { out = folder .. "/plain", study = s, figures = "svg",
    figure.points { s.adsl, y = "AGE", by = "TRT01P" } }
  lu.assertStrContains(content(folder .. "/plain/r.html"), '">Figure 1. Points by group</a>')
end

function TestReport.test_pieces_and_manifest()
  make(s, "pieces", { figures = { "png", "pdf" } })
  local at = folder .. "/pieces/r/"
  for _, name in ipairs { "table-1.rtf", "table-1.csv", "figure-1.png",
    "figure-1.pdf", "figure-1.data.csv", "figure-1.caption.txt", "methods.md" } do
    lu.assertTrue(files.exists(at .. name), name)
  end
  lu.assertFalse(files.exists(at .. "figure-1.svg"))
  local manifest = require "ts.json".decode(content(at .. "manifest.json"))
  lu.assertEquals(manifest.report, "r")
  lu.assertEquals(manifest.mark, "SIMULATED DATA")
  lu.assertEquals(manifest.inputs[1].table, "adsl")
  lu.assertEquals(manifest.inputs[1].sha256, (files.sha256(folder .. "/one.csv")))
  lu.assertEquals(#manifest.outputs, #files.list(at)) -- the page, not itself
  for _, o in ipairs(manifest.outputs) do
    lu.assertEquals(o.sha256, (files.sha256(at .. o.file)), o.file)
  end
  lu.assertEquals(manifest.audit.sha256, s.audit:row(#s.audit).hash)
  local mode = io.popen(("umask; stat -c %%a '%s/pieces/r'"):format(folder))
  local umask, found = tonumber(mode:read "l", 8), tonumber(mode:read "l", 8)
  mode:close()
  lu.assertEquals(found & umask, 0)
  -- what an earlier report left is gone, other files stay
  write("pieces/r/notes.txt", "mine")
  report "r" { out = folder .. "/pieces", study = s, "# Only text" }
  lu.assertFalse(files.exists(at .. "table-1.csv"))
  lu.assertTrue(files.exists(at .. "notes.txt"))
end

function TestReport.test_two_runs_give_the_same_bytes()
  local session = require "trialsh.session"
  local jobs = session.jobs
  make(s, "first", { figures = { "svg", "png" } })
  session.jobs = 3 -- one process or several
  make(s, "second", { figures = { "svg", "png" } })
  session.jobs = jobs
  lu.assertEquals(content(folder .. "/first/r.html"), content(folder .. "/second/r.html"))
  for _, name in ipairs(files.list(folder .. "/first/r")) do
    lu.assertEquals(content(folder .. "/first/r/" .. name),
      content(folder .. "/second/r/" .. name), name)
  end
end

-- One value of the raw data is another: each number that comes of it follows in every
-- format, nothing else moves. Tables, figures and texts are in pairs: one shows the
-- value, the other does not.

-- What a file says: the parts of an archive; hashes of the data are others in any case.
local function said(path)
  local all = content(path)
  if path:find "%.docx$" or path:find "%.xlsx$" then
    local parts = {}
    for i, e in ipairs(require "ts.zip".read(all)) do parts[i] = e[1] .. "\n" .. e[2] end
    all = table.concat(parts, "\n")
  end
  return (all:gsub("SHA%-256 %x+", "SHA"))
end

local function pair(of, which)
  local one = table.summary { of.adsl, by = "TRT01P", title = "Ages", "AGE" }
  local two = table.summary { of.adsl, by = "TRT01P", title = "Responses", "RESP" }
  local three = table.efficacy { of.results, title = "Endpoints" }
  report "r" { out = folder .. "/" .. which, study = of, figures = "svg",
    "# Texts\n\n{{AGE}}\n\n{{RESP}}",
    one, two, three,
    figure.points { of.adsl, y = "AGE", by = "TRT01P", title = "Ages" },
    figure.points { of.adsl:where "TRT01P = 'P'", y = "AGE", by = "TRT01P" } }
  for _, id in ipairs { "AGE", "RESP" } do
    for kind, body in pairs { md = "%s\n", txt = "%s\n", html = "<body>%s</body>\n",
      tex = "\\begin{document}%s\n" } do
      fill(write("f." .. kind, body:format("{{" .. id .. "}} {{" .. id .. ".p_value}}")),
        ("%s/%s/%s.%s"):format(folder, which, id, kind), { study = of })
    end
    fill(docx("f.docx", "<w:p><w:r><w:t>{{" .. id .. "}}</w:t></w:r></w:p>"),
      ("%s/%s/%s.docx"):format(folder, which, id), { study = of })
  end
  return { one, two, three }
end

local follow = { "r/figure-1.svg", "r/figure-1.data.csv" }
local stay = { "r/figure-2.svg", "r/figure-2.data.csv", "r/figure-1.caption.txt",
  "r/figure-2.caption.txt", "r/methods.md" }
for extension in ("txt md html tex rtf docx xlsx csv json"):gmatch "%S+" do
  follow[#follow + 1] = "r/table-1." .. extension
  follow[#follow + 1] = "r/table-3." .. extension
  stay[#stay + 1] = "r/table-2." .. extension
end
for extension in ("txt md html tex docx"):gmatch "%S+" do
  follow[#follow + 1], stay[#stay + 1] = "AGE." .. extension, "RESP." .. extension
end

-- The page without the table, the figure, the line and the sentence of the value.
local function page_without(which)
  local n
  local page = said(("%s/%s/r.html"):format(folder, which))
  for _, part in ipairs { '<table class="ts" id="table%-1".-</table>',
    '<figure id="figure%-1">.-</figure>', "<p>Age: [^<]+</p>",
    '<th scope="row"[^>]*>Age</th>.-</tr>%s*<tr>.-</tr>' } do
    page, n = page:gsub(part, "")
    lu.assertEquals(n, 1, part)
  end
  return page
end

function TestReport.test_numbers_follow_the_data()
  local other = study_of("two", 45)
  local a, b = pair(s, "before"), pair(other, "after")
  for _, name in ipairs(follow) do
    lu.assertTrue(said(folder .. "/before/" .. name) ~= said(folder .. "/after/" .. name),
      name .. " does not follow")
  end
  for _, name in ipairs(stay) do
    lu.assertEquals(said(folder .. "/after/" .. name), said(folder .. "/before/" .. name),
      name)
  end
  lu.assertEquals(page_without "after", page_without "before")
  -- of the tables that follow only the cells of that arm, and of that endpoint
  local moved = {}
  for k, t in ipairs(a) do
    for i, row in ipairs(t.rows) do
      for j in ipairs(t.columns) do
        if t:cell(i, j) ~= b[k]:cell(i, j) then
          moved[#moved + 1] = ("%s %s, %s"):format(t.title, row.variable,
            t.columns[j].arm or t.columns[j].head)
        end
      end
    end
  end
  lu.assertEquals(moved, { "Ages AGE, A", "Endpoints AGE[A vs P], Estimate (95 % CI)",
    "Endpoints AGE[A vs P], P" })
end

function TestReport.test_mistakes()
  local out = folder .. "/never"
  refuses('report "ID" { ... } begins with its name', report, "a b")
  refuses("takes a table", report "r", "x")
  refuses("text 1:1:1: {{AGEE}}: no result AGEE", report "r",
    { out = out, study = s, "{{AGEE}}" })
  refuses("entry 2 is a number; text, tables and figures", report "r",
    { out = out, study = s, "x", 3 })
  refuses("entry 1 is nil", report "r", { out = out, study = s, nil, "x" })
  refuses("there are svg, pdf", report "r", { out = out, study = s, figures = "gif" })
  refuses("no journal Natur; nearest: Nature", report "r",
    { out = out, study = s, journal = "Natur" })
  refuses("tittle", report "r", { out = out, study = s, tittle = "x" })
  lu.assertFalse(files.exists(out))
  write("a_file", "x")
  refuses("a_file", report "r", { out = folder .. "/a_file", study = s, "x" })
end

TestZ = {}
function TestZ.test_clean() os.execute("rm -r " .. folder) end

os.exit(lu.LuaUnit.run())

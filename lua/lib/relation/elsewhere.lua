-- What other languages call our verbs: hints of errors, and words that help
-- searches for.

return { filter = "where", subset = "where", arrange = "order", sort = "order",
  group_by = "by", keep = "select", left_join = "join",
  merge = "join", pivot_wider = "wider", pivot_longer = "longer",
  unique = "distinct", transform = "mutate", anti_join = "join",
  semi_join = "join", inner_join = "join", slice = "head", bind_rows = "union",
  rbind = "union", append = "union", diff = "compare", mean = "summarise",
  avg = "summarise", sum = "summarise", sd = "summarise", median = "summarise",
  min = "summarise", max = "summarise", describe = "summarise",
  summary = "summarise", aggregate = "summarise", n = "count", nrow = "count",
  tally = "count", table = "count" }

# Rows, types, missing cells, sums, labels and formats of every column of the
# files in ../shared/data/sas and cdisc, as other readers find them: haven
# (ReadStat) and foreign for SAS transport files, jsonlite for Dataset-JSON,
# read.csv for CSV.
#   Rscript tests/reference/files.R > tests/reference/files.csv
# Dates are days and seconds since 1960 where the file has numbers; text is
# summed by its bytes; `distinct` counts values; first and last are those of the
# first and the last row.
suppressMessages({ library(haven); library(jsonlite); library(foreign) })

folder <- "../shared/data"

number <- function(x) {
  if (inherits(x, "Date")) return(as.numeric(x) + 3653)
  if (inherits(x, "POSIXct")) return(as.numeric(x) + 315619200)
  as.numeric(x)
}

quoted <- function(x) {
  if (is.null(x) || is.na(x)) return("")
  paste0("\"", gsub("\"", "\"\"", x, fixed = TRUE), "\"")
}

cell <- function(x) if (is.na(x)) "" else
  if (is.character(x)) quoted(x) else sprintf("%.17g", x)

# missing: NA in x; numbers or text
put <- function(file, name, x, label = NULL, format = NULL) {
  text <- is.character(x)
  there <- x[!is.na(x)]
  cat(sprintf("%s,%s,%d,%s,%d,%.17g,%d,%s,%s,%s,%s\n", file, name, length(x),
    if (text) "text" else "real", sum(is.na(x)),
    if (text) sum(nchar(there, "bytes")) else sum(there),
    length(unique(there)),
    if (length(x)) cell(x[1]) else "", if (length(x)) cell(x[length(x)]) else "",
    quoted(label), quoted(format)))
}

xpt <- function(file) {
  d <- read_xpt(file.path(folder, file))
  for (name in names(d)) {
    x <- d[[name]]
    label <- attr(x, "label"); format <- attr(x, "format.sas")
    if (is.character(x)) { x <- as.character(x); x[x == ""] <- NA }
    else x <- number(zap_labels(x))
    put(file, name, x, label, format)
  }
}

# haven reads the first member only
members <- function(file) {
  d <- read.xport(file.path(folder, file))
  about <- lookup.xport(file.path(folder, file))
  for (member in names(d)) for (name in names(d[[member]])) {
    x <- d[[member]][[name]]
    put(paste0(file, ":", member), name,
      if (is.numeric(x)) x else sub(" +$", "", as.character(x)),
      trimws(about[[member]]$label[about[[member]]$name == name]))
  }
}

dsjson <- function(file) {
  lines <- readLines(file.path(folder, file), warn = FALSE, encoding = "UTF-8")
  if (grepl("ndjson$", file)) {
    d <- fromJSON(lines[1], simplifyVector = FALSE)
    d$rows <- lapply(lines[-1], fromJSON, simplifyVector = FALSE)
  } else d <- fromJSON(paste(lines, collapse = "\n"), simplifyVector = FALSE)
  stopifnot(length(d$rows) == d$records)
  for (j in seq_along(d$columns)) {
    column <- d$columns[[j]]
    x <- lapply(d$rows, function(row) row[[j]])
    x[vapply(x, is.null, TRUE)] <- NA
    dates <- identical(column$targetDataType, "integer")
    numbers <- column$dataType %in% c("integer", "float", "double")
    x <- if (numbers) as.numeric(unlist(x)) else as.character(unlist(x))
    if (dates) x <- number(as.Date(ifelse(x == "", NA, x)))
    put(file, column$name, x, column$label, column$displayFormat)
  }
}

# "" in quotes is text, nothing is missing, NA is missing
csv <- function(file) {
  lines <- readLines(file.path(folder, file), warn = FALSE, encoding = "UTF-8")
  lines[1] <- sub("^\ufeff", "", lines[1])
  lines <- gsub("(?<=^|,)\"\"(?=,|$)", "<empty>", lines, perl = TRUE)
  d <- read.csv(text = lines, colClasses = "character",
    na.strings = c("NA", ""), check.names = FALSE, encoding = "UTF-8")
  for (name in names(d)) {
    x <- d[[name]]
    x[!is.na(x) & x == "<empty>"] <- ""
    is_number <- grepl("^[-+]?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?$", x)
    if (all(is.na(x) | is_number)) x <- as.numeric(x)
    put(file, name, x)
  }
}

cat("file,column,n,type,missing,sum,distinct,first,last,label,format\n")
for (file in sort(list.files(folder, "\\.(xpt|xpt5|xpt8|json|ndjson|csv)$",
    recursive = TRUE), method = "radix")) {
  if (!grepl("^(sas|cdisc)/", file) || grepl("schema|ambiguity", file)) next
  if (grepl("two_members", file)) members(file)
  else if (grepl("json$", file)) dsjson(file)
  else if (grepl("csv$", file)) csv(file)
  else xpt(file)
}

* Makes pspp.sav, and latin1.sav by way of
    sed 's/UTF-8/ISO-8859-1/; s/pspp.sav/latin1.sav/' make.sps > latin1.sps
    pspp make.sps latin1.sps.
SET LOCALE='UTF-8'.
DATA LIST LIST NOTABLE /ID (A8) SEX (A1) AGE (F3.0) VISIT (DATE11)
  MADE (DATETIME23.2) TOOK (TIME8) LASTED (DTIME12) MON (MONTH3) WEEK (WKDAY3)
  DOSE (COMMA8.2) SEEN (ADATE10).
BEGIN DATA
"01-001" "M" 65 "06-MAY-2018" "06-MAY-2018 10:10:10.25" "10:10:10" "1 02:03:04" "MAR" "TUE" 1000.25 "05/06/2018"
"01-002" "F" 99 "31-DEC-1959" "31-DEC-1959 23:59:59.00" "23:59:59" "0 00:00:00" "JAN" "SUN" -0.5 "12/31/1959"
"01-003" "U" 43 "15-OCT-1582" "15-OCT-1582 00:00:00.00" "00:00:00" "3 00:00:01" "DEC" "SAT" 0 "01/01/1960"
"01-004" "" "." "." "." "." "." "." "." "." "."
END DATA.
* A date with a time of the day.
COMPUTE SEEN = SEEN + TOOK.
VARIABLE LABELS SEX 'Geschlecht, für alle'.
VALUE LABELS SEX 'M' 'männlich' 'F' 'weiblich' 'U' 'unbekannt'.
MISSING VALUES SEX ('U') AGE (97 THRU 99).
SAVE OUTFILE='pspp.sav'.

!update v set a = 2
update _ts_lock set rows = 'x', sha256 = null
update _ts_audit set seq = seq + 1
delete from _ts_audit where verb = 'lock'
drop table _ts_lock

pragma writable_schema = on
update sqlite_schema set sql = replace(sql, 'strict', '')
insert into sqlite_schema values ('table', 'w', 'w', 3, 'create table w (a, b)')
update sqlite_schema set rootpage = 2 where name = 'v'
create table u (rowid, _rowid_, oid, primary key (oid)) without rowid
insert into u values (1, x'00ff', 'a'), (null, 1e999, -0.0)
insert into _ts_table (name, kind) values ('u', 'raw')
pragma page_size = 512
vacuum

update _ts_table set key = 'x', definition = '{"table":1}', sources = '[1]'
update _ts_column set levels = '{}', type = 'blob'
insert into _ts_setting values ('trial', '[]')
create table _ts_missing (tbl, row, column, code)
insert into _ts_missing values ('v', 2, 'a', 'A'), ('v', 9e9, 'b', x'00'), (null, 'x', 1, 2)
create table _ts_attribute as select 'v' as tbl, '' as name, 'label' as attribute, 1 as value
alter table v rename to "x"";--"

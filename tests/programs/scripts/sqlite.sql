-- Rows, an index, memory-mapped pages, a vacuum, and a sort that spills.
pragma mmap_size = 67108864;
pragma journal_mode = wal;
create table t(a integer primary key, b text, c blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)
  insert into t select i, printf('row %08d', i * 7919 % 40000), zeroblob(200) from n;
create index t_b on t(b);
select count(*), sum(a), min(b), max(b) from t;
select b from t order by c, b desc limit 3;
delete from t where a % 3 = 0;
vacuum;
pragma integrity_check;
select count(*) from t;

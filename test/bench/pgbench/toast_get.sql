\set id random(1, :toast_keys)
select * from hotpath.get(null::wide, :id);

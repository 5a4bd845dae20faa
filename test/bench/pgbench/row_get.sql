\set id random(1, :keys)
select * from hotpath.get(null::narrow, :id);

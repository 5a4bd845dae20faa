\set id random(1, :toast_keys)
select * from wide where id = :id;

\set id random(1, :keys)
select * from narrow where id = :id;

\set id random(1, :edit_rows)
update edit_plain set quantity = quantity + 1 where id = :id;

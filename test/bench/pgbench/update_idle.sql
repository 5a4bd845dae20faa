\set id random(1, :edit_rows)
update edit_idle set quantity = quantity + 1 where id = :id;

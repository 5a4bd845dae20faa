\set id random(1, :keys)
select row_to_json(narrow) from narrow where id = :id;

\set id random(1, :keys)
select hotpath.get_json('narrow', :id);

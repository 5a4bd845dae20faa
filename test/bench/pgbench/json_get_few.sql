\set id random(1, :peer_rows)
select hotpath.get_json('narrow', :id);

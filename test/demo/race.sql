-- The stop-watch of the tour: runs two PL/pgSQL bodies in turns and compares their best times, so
-- that neither a cold cache nor a busy moment of the machine decides.
CREATE SCHEMA demo;

CREATE FUNCTION demo.milliseconds(body text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE 'DO ' || quote_literal(body);
	RETURN extract(epoch FROM clock_timestamp() - start) * 1000;
END
$$;

CREATE FUNCTION demo.race(plain text, hotpath text, turns integer DEFAULT 3)
RETURNS TABLE (plain_ms numeric, hotpath_ms numeric, times_faster text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. turns LOOP
		plain_ms := least(plain_ms, demo.milliseconds(plain));
		hotpath_ms := least(hotpath_ms, demo.milliseconds(hotpath));
	END LOOP;
	times_faster := round(plain_ms / hotpath_ms, 1) || 'x';
	plain_ms := round(plain_ms, 1);
	hotpath_ms := round(hotpath_ms, 1);
	RETURN NEXT;
END
$$;

-- Debian's package catalogue.
CREATE TABLE sections (
	id integer PRIMARY KEY,
	name text NOT NULL UNIQUE
);

CREATE TABLE maintainers (
	id integer PRIMARY KEY,
	name text NOT NULL,
	email text NOT NULL UNIQUE
);

CREATE TABLE packages (
	id bigint PRIMARY KEY,
	name text NOT NULL UNIQUE,
	version text NOT NULL,
	architecture text NOT NULL,
	section_id integer NOT NULL,
	maintainer_id integer NOT NULL,
	installed_size bigint,			-- kB
	homepage text,
	description text NOT NULL
);

CREATE TYPE dependency_kind AS ENUM ('pre-depends', 'depends', 'recommends', 'suggests',
	'enhances', 'conflicts', 'breaks', 'replaces', 'provides');

CREATE TABLE dependencies (
	package_id bigint NOT NULL,
	kind dependency_kind NOT NULL,
	position integer NOT NULL,		-- in the package's list of that kind
	target text NOT NULL,
	target_id bigint,			-- NULL where the target is a virtual or unknown package
	version_constraint text,
	is_alternative boolean NOT NULL,	-- to the one before it
	PRIMARY KEY (package_id, kind, position)
);

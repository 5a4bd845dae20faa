-- After the load: the checks that would have slowed it down, and the planner's statistics.
ALTER TABLE packages
	ADD FOREIGN KEY (section_id) REFERENCES sections,
	ADD FOREIGN KEY (maintainer_id) REFERENCES maintainers;
ALTER TABLE dependencies
	ADD FOREIGN KEY (package_id) REFERENCES packages,
	ADD FOREIGN KEY (target_id) REFERENCES packages;
CREATE INDEX ON packages (section_id);
CREATE INDEX ON packages (maintainer_id);
CREATE INDEX ON dependencies (target_id);
VACUUM ANALYZE;

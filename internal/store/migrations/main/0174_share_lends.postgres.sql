-- What a share opens of what lies on the record or follows it: policy.Lends. A kind has eight
-- bits (comment, file, message from the lowest), an action of it two (view, edit, delete,
-- export): 0 none, 1 what its giver is responsible for, 3 all.
-- Nearly all shares of before open everything: those that do are not written anew, which would
-- leave the table and its index twice as large.
ALTER TABLE share ADD COLUMN lends BIGINT NOT NULL DEFAULT 16777215;
ALTER TABLE share ALTER COLUMN lends SET DEFAULT 0;

-- A share made before opens as much as the role of its giver holds now: then nothing was kept.
-- A limit of days or a personal difference on the kind is not all of it. With a group of the
-- giver's own, what the role holds of groups counts as held: it may have been made in the group.
CREATE TABLE lender (
	person  BIGINT NOT NULL PRIMARY KEY,
	alone   BIGINT NOT NULL,
	grouped BIGINT NOT NULL
);
INSERT INTO lender (person, alone, grouped)
	SELECT h.person, sum((CASE h.grade WHEN 'all' THEN 3 WHEN 'group' THEN 1 WHEN 'own' THEN 1 ELSE 0 END)::bigint << h.place)::bigint,
		sum((CASE h.grade WHEN 'all' THEN 3 WHEN 'group' THEN 3 WHEN 'own' THEN 1 ELSE 0 END)::bigint << h.place)::bigint
	FROM (SELECT p.id AS person, k.place + a.place AS place, r.rights::jsonb #>> ARRAY['grades', k.name, a.name] AS grade
		FROM person AS p JOIN role AS r ON r.id = p.role
			CROSS JOIN (SELECT 'comment' AS name, 0 AS place UNION ALL SELECT 'file', 8 UNION ALL SELECT 'message', 16) AS k
			CROSS JOIN (SELECT 'view' AS name, 0 AS place UNION ALL SELECT 'edit', 2 UNION ALL SELECT 'delete', 4 UNION ALL SELECT 'export', 6) AS a
		WHERE (r.rights::jsonb #>> ARRAY['days', k.name, a.name]) IS NULL
			AND NOT EXISTS (SELECT 1 FROM difference AS d WHERE d.person = p.id AND strpos(d.rights, '"' || k.name || '"') > 0)) AS h
	GROUP BY h.person;
UPDATE share SET lends = l.lends FROM (
	SELECT s.record, s.kind, s.principal, coalesce(CASE WHEN m.person IS NULL THEN g.alone ELSE g.grouped END, 0) AS lends
	FROM share AS s LEFT JOIN lender AS g ON g.person = s.made_by
		LEFT JOIN membership AS m ON (s.principal & 3) = 1 AND m.workgroup = (s.principal >> 2) AND m.person = s.made_by) AS l
	WHERE share.record = l.record AND share.kind = l.kind AND share.principal = l.principal AND l.lends <> 16777215;
DROP TABLE lender;

-- The mails of a client have the shares of the client: those of them that open messages.
DELETE FROM share WHERE kind = 13 AND record IN (SELECT id FROM message WHERE channel = 'mail' AND direction = 'in' AND created_by IS NULL)
	AND NOT ((lends >> 16) & 3 = 3 OR (lends >> 16) & 3 = 1 AND EXISTS (SELECT 1 FROM message AS m WHERE m.id = share.record AND m.responsible = share.made_by));
UPDATE share SET level = 1 WHERE kind = 13 AND level = 2 AND (principal & 3) = 2 AND record IN (SELECT id FROM message WHERE channel = 'mail' AND direction = 'in' AND created_by IS NULL)
	AND NOT ((lends >> 18) & 3 = 3 OR (lends >> 18) & 3 = 1 AND EXISTS (SELECT 1 FROM message AS m WHERE m.id = share.record AND m.responsible = share.made_by));
DELETE FROM access WHERE kind = 13 AND (principal & 3) <> 0
	AND NOT EXISTS (SELECT 1 FROM share AS s WHERE s.record = access.record AND s.kind = 13 AND s.principal = access.principal);
DELETE FROM access_name WHERE kind = 13 AND (principal & 3) <> 0
	AND NOT EXISTS (SELECT 1 FROM share AS s WHERE s.record = access_name.record AND s.kind = 13 AND s.principal = access_name.principal);

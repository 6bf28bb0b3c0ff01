-- Who follows a few types finds their changes by type: a million prices in between are not looked at.
CREATE INDEX change_type_position_idx ON change (organization_id, resource, position) WHERE position IS NOT NULL;

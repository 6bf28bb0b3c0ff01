DROP INDEX change_type_position_idx;

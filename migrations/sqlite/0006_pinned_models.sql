CREATE TABLE `pinned_models` (
	`key_id` text NOT NULL,
	`type` text NOT NULL,
	`model_id` text NOT NULL,
	`pinned_at_ms` integer NOT NULL,
	PRIMARY KEY(`key_id`, `type`)
);

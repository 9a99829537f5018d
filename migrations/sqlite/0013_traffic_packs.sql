CREATE TABLE `traffic_packs` (
	`level` text NOT NULL,
	`day_ms` integer NOT NULL,
	`part` integer NOT NULL,
	`body` blob NOT NULL,
	PRIMARY KEY(`level`, `day_ms`, `part`)
);
--> statement-breakpoint
ALTER TABLE `rolled_days` ADD `packed_as` integer DEFAULT 0 NOT NULL;
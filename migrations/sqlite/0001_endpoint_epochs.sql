CREATE TABLE `endpoint_epochs` (
	`endpoint_id` text NOT NULL,
	`epoch` integer NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`cause` text NOT NULL,
	PRIMARY KEY(`endpoint_id`, `epoch`)
);
--> statement-breakpoint
ALTER TABLE `attempts` ADD `endpoint_epoch` integer DEFAULT 0 NOT NULL;
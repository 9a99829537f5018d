CREATE TABLE `feedback_days` (
	`key_id` text NOT NULL,
	`model_id` text NOT NULL,
	`task` text NOT NULL,
	`day` integer NOT NULL,
	`weight` real NOT NULL,
	PRIMARY KEY(`key_id`, `model_id`, `task`, `day`)
);
--> statement-breakpoint
ALTER TABLE `feedback` ADD `charged_key_id` text;--> statement-breakpoint
ALTER TABLE `feedback` ADD `charged_day` integer;
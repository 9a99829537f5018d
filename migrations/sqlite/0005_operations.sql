ALTER TABLE `attempts` ADD `units` real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `requests` ADD `operation` text DEFAULT 'chat' NOT NULL;--> statement-breakpoint
ALTER TABLE `traffic_hours` ADD `units` real DEFAULT 0 NOT NULL;
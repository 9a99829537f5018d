ALTER TABLE `endpoint_epochs` ADD `direction` text;--> statement-breakpoint
ALTER TABLE `endpoint_epochs` ADD `measured_before` real;--> statement-breakpoint
ALTER TABLE `endpoint_epochs` ADD `measured_after` real;--> statement-breakpoint
ALTER TABLE `model_epochs` ADD `direction` text;--> statement-breakpoint
ALTER TABLE `model_epochs` ADD `measured_before` real;--> statement-breakpoint
ALTER TABLE `model_epochs` ADD `measured_after` real;
/** The alerts of users and orgs, as the topic has them: read from the log, on any instance. */
@NullMarked
package dev.tally.streams.alerts;

import org.jspecify.annotations.NullMarked;

/** Kafka topics with their configurations, their administration, and the installation they belong to. */
@NullMarked
package dev.tally.schemas.topics;

import org.jspecify.annotations.NullMarked;

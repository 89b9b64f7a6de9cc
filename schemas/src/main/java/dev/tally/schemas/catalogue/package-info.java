/** The catalogue file: meters, plans, subscriptions, grants and memberships, and the rules they keep. */
@NullMarked
package dev.tally.schemas.catalogue;

import org.jspecify.annotations.NullMarked;

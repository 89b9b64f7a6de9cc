/** A fake of Stripe's metered-billing API over real HTTP, which knows only its own account file and the calls it received. */
@NullMarked
package dev.tally.cli.standin;

import org.jspecify.annotations.NullMarked;

/** Usage as it changes, for any number of listeners: one watch of each subject and meter, whose newest answer each listener gets. */
@NullMarked
package dev.tally.streams.http.live;

import org.jspecify.annotations.NullMarked;

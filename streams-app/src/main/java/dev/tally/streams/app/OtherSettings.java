package dev.tally.streams.app;

import java.util.Set;

/** Settings of Tally's other process, which may stand in the same file or environment and are none of ours. */
final class OtherSettings {

    static final Set<String> OF_STRIPE_SINK = Set.of(
            "stripe.api.key",
            "stripe.api.base",
            "stripe.rate.limit",
            "stripe.max.in.flight",
            "stripe.request.timeout",
            "stripe.retry.first",
            "stripe.retry.longest",
            "stripe.sums.delay",
            "seats.debounce",
            "seats.check.interval",
            "seats.repair",
            "alerts.webhook.secrets",
            "alerts.webhook.http",
            "alerts.webhook.private",
            "alerts.smtp.host",
            "alerts.smtp.port",
            "alerts.smtp.tls",
            "alerts.smtp.user",
            "alerts.smtp.password",
            "alerts.smtp.from",
            "alerts.request.timeout",
            "alerts.retry.first",
            "alerts.retry.longest",
            "alerts.max.waiting",
            "sink.max.pending",
            "sink.instance");

    private OtherSettings() {}
}

package dev.tally.cli.stack;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code up} was asked for.
 *
 * @param data where state is kept
 * @param home the repository's root
 * @param stripeAccount file that describes the account of the Stripe stand-in; null: the demo's
 * @param settings settings for the apps, each of which gets those it knows
 */
public record StackOptions(
        Path data,
        Path home,
        int kafkaPort,
        int registryPort,
        int httpPort,
        int sinkPort,
        int stripePort,
        @Nullable Path stripeAccount,
        Map<String, String> settings) {

    public StackOptions {
        settings = Map.copyOf(settings);
    }

    /** Kafka's address. */
    public String bootstrapServers() {
        return "127.0.0.1:" + kafkaPort;
    }

    /** The registry's address, with the path of its Confluent-compatible API. */
    public String registryUrl() {
        return "http://127.0.0.1:" + registryPort + "/apis/ccompat/v7";
    }

    /** The app's address. */
    public String appUrl() {
        return "http://127.0.0.1:" + httpPort;
    }
}

package dev.tally.cli.standin;

import java.util.UUID;

/** Random names for what has no other. */
final class Tokens {

    private Tokens() {}

    static String next() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}

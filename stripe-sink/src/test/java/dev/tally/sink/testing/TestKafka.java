package dev.tally.sink.testing;

import dev.tally.schemas.testing.RegistryFake;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** One broker and one schema registry for all test classes that ask for one in their constructor: a start takes seconds. */
public final class TestKafka implements AutoCloseable {
    private final KafkaBroker broker;
    private final RegistryFake registry;

    private TestKafka(KafkaBroker broker, RegistryFake registry) {
        this.broker = broker;
        this.registry = registry;
    }

    private static TestKafka start() {
        try {
            return new TestKafka(KafkaBroker.start(), RegistryFake.start());
        } catch (Exception failure) {
            throw new IllegalStateException("no broker to test with", failure);
        }
    }

    /** The broker. */
    public KafkaBroker broker() {
        return broker;
    }

    /** The registry. */
    public RegistryFake registry() {
        return registry;
    }

    @Override
    public void close() {
        broker.close();
        registry.close();
    }

    /** Starts it for the first class and stops it after the last one. */
    public static final class Shared implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == TestKafka.class;
        }

        @Override
        public TestKafka resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(TestKafka.class))
                    .computeIfAbsent(TestKafka.class, key -> start(), TestKafka.class);
        }
    }
}

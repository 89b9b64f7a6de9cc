package dev.tally.streams;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which package may know which. */
class LayeringTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.tally.streams");

    @Test
    void shouldKeepTheCorePure() {
        classes()
                .that()
                .resideInAPackage("..metering..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "dev.tally.keys..", "dev.tally.streams.metering..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void shouldPointOneWay() {
        noClasses()
                .that()
                .resideInAPackage("..streams.state..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..streams.topology..", "..streams.query..", "..streams.http..", "..streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("..streams.topology..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..streams.query..", "..streams.http..", "..streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("..streams.query..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..streams.topology..", "..streams.http..", "..streams.app..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("..streams.http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..streams.topology..", "..streams.state..", "..streams.app..")
                .check(CLASSES);
        slices().matching("dev.tally.streams.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void shouldTouchInternalsOfKafkaStreamsInOneClassOnly() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.tally.streams.state.WriteBackStore")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka.streams..internals..")
                .check(CLASSES);
    }
}

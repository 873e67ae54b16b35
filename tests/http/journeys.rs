//! The journeys that hold for every host, on the router in this process.

macro_rules! tests_of {
    ($($module:ident { $($name:ident)+ })+) => {
        $(mod $module { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let app = tests::App::start().await;
                tests::journeys::run(concat!(stringify!($module), "::", stringify!($name)), &app).await;
                crate::data::every_row_can_be_read(&app).await;
                app.finish().await;
            }
        )+ })+
    };
}

tests::for_each_journey!(tests_of);

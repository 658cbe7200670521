//! The attempts that exhaust something, and the quiet ones again from a test, one at a time by name.

#[path = "../src/attempts.rs"]
mod attempts;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let all = attempts::QUIET.iter().chain(attempts::LOUD);
    let Some((_, attempt)) = all.into_iter().find(|(known, _)| *known == name) else {
        println!("nothing was asked for");
        return;
    };
    match attempt() {
        Ok(what) => println!("\n{name}\tdone\t{what}"),
        Err(why) => println!("\n{name}\tstopped\t{why}"),
    }
}

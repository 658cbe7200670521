// What a hostile build script or test may try. Each attempt answers Ok with what it got, or Err with what
// stopped it. Nothing here does damage where it succeeds: files are opened but not overwritten, and only
// targets named by HOSTILE_* variables are touched.
#![allow(dead_code)]

use std::env::var;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

pub type Attempt = fn() -> Result<String, String>;

pub const QUIET: &[(&str, Attempt)] = &[
    ("read_secret", read_secret),
    ("list_home", list_home),
    ("read_shadow", read_shadow),
    ("read_credentials", read_credentials),
    ("read_environment", read_environment),
    ("read_other_environments", read_other_environments),
    ("write_outside", write_outside),
    ("write_system", write_system),
    ("write_core_pattern", || open_for_writing("/proc/sys/kernel/core_pattern")),
    ("write_sysrq", || open_for_writing("/proc/sysrq-trigger")),
    ("read_kernel_memory", || open_for_reading("/proc/kcore")),
    ("write_registry", write_registry),
    ("connect_tcp", connect_tcp),
    ("send_udp", send_udp),
    ("connect_abstract", connect_abstract),
    ("connect_unix", connect_unix),
    ("open_vsock", || open_socket(40, 1, 0)),
    ("open_netlink_audit", || open_socket(16, 3, 9)),
    ("open_netlink_route", || open_socket(16, 3, 0)),
    ("open_packet", || open_socket(17, 3, 0)),
    ("open_raw_ip", || open_socket(2, 3, 1)),
    ("open_alg", || open_socket(38, 5, 0)),
    ("signal_host", signal_host),
    ("rewrite_tests", rewrite_tests),
    ("plant_config", plant_config),
    ("trace_child", || call("ptrace", 101, 117, &[0, 0, 0, 0])),
    ("make_namespace", || call("unshare", 272, 97, &[0x1000_0000])),
    ("clone_namespace", || call("clone", 56, 220, &[0x1000_0000 | 17, 0, 0, 0, 0])),
    ("enter_namespace", || call("setns", 308, 268, &[-1, 0])),
    ("start_io_uring", io_uring),
    ("load_bpf", || call("bpf", 321, 280, &[0, 0, 0])),
    ("use_keys", || call("keyctl", 250, 219, &[0, -3, 1])),
    ("fault_in_user_space", || call("userfaultfd", 323, 282, &[1])),
    ("mount_tmpfs", mount_tmpfs),
    ("change_root", || call("chroot", 161, 51, &[c"/".as_ptr() as i64])),
];

pub const LOUD: &[(&str, Attempt)] = &[
    ("fill_target", || fill(&var("CARGO_TARGET_DIR").unwrap_or("/w/target".into()))),
    ("fill_target_unlinked", || fill_unlinked(&var("CARGO_TARGET_DIR").unwrap_or("/w/target".into()))),
    ("fill_tmp", || fill(&var("TMPDIR").unwrap_or("/tmp".into()))),
    ("grow_one_file", grow_one_file),
    ("fork_bomb", fork_bomb),
    ("multiply_for_ever", multiply_for_ever),
    ("leave_daemon", leave_daemon),
    ("print_much", print_much),
    ("allocate", allocate),
    ("allocate_in_children", allocate_in_children),
    ("run_for_ever", || loop { std::thread::sleep(Duration::from_secs(1)) }),
    ("ignore_signals", ignore_signals),
    ("serve_on_loopback", serve_on_loopback),
];

extern "C" {
    fn socket(domain: i32, kind: i32, protocol: i32) -> i32;
    fn kill(pid: i32, signal: i32) -> i32;
    fn fork() -> i32;
    fn setsid() -> i32;
    fn syscall(number: i64, ...) -> i64;
    fn signal(number: i32, handler: usize) -> usize;
    fn connect(descriptor: i32, address: *const u8, length: u32) -> i32;
    fn mount(source: *const i8, target: *const i8, kind: *const i8, flags: u64, data: *const i8) -> i32;
}

fn last_error() -> String {
    std::io::Error::last_os_error().to_string()
}

fn said<T>(result: std::io::Result<T>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn setting(name: &str) -> String {
    var(name).unwrap_or_else(|_| panic!("{name} is set by whoever runs this crate"))
}

/// The text to look for, given backwards so that the variable that names it does not match itself.
fn needle() -> String {
    setting("HOSTILE_NEEDLE").chars().rev().collect()
}

fn read_secret() -> Result<String, String> {
    said(fs::read_to_string(setting("HOSTILE_SECRET")))
}

fn list_home() -> Result<String, String> {
    // The way to installed commands and the toolchain may exist as empty folders; files may not.
    let home = setting("HOSTILE_HOME");
    let entries = said(fs::read_dir(&home))?;
    let names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !matches!(name.as_str(), ".cargo" | ".rustup"))
        .collect();
    if names.is_empty() { Err("it is empty".into()) } else { Ok(names.join(" ")) }
}

fn read_shadow() -> Result<String, String> {
    said(fs::read_to_string("/etc/shadow"))
}

fn read_credentials() -> Result<String, String> {
    let mut found = Vec::new();
    for home in [setting("CARGO_HOME"), setting("HOSTILE_CARGO_HOME")] {
        for name in ["credentials.toml", "credentials", "config.toml"] {
            if let Ok(text) = fs::read_to_string(format!("{home}/{name}")) {
                if text.contains(&needle()) {
                    found.push(format!("{home}/{name}"));
                }
            }
        }
    }
    if found.is_empty() { Err("no file holds it".into()) } else { Ok(found.join(" ")) }
}

fn read_environment() -> Result<String, String> {
    let needle = needle();
    std::env::vars()
        .find(|(_, value)| value.contains(&needle))
        .map(|(name, _)| name)
        .ok_or("no variable holds it".into())
}

fn read_other_environments() -> Result<String, String> {
    let needle = needle();
    for entry in said(fs::read_dir("/proc"))?.flatten() {
        let mut text = Vec::new();
        let path = entry.path().join("environ");
        if fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut text)).is_ok()
            && String::from_utf8_lossy(&text).contains(&needle)
        {
            return Ok(path.display().to_string());
        }
    }
    Err("no process shows it".into())
}

fn write_outside() -> Result<String, String> {
    said(fs::write(setting("HOSTILE_OUTSIDE"), "was here")).map(|()| "written".into())
}

fn write_system() -> Result<String, String> {
    let mut errors = Vec::new();
    for place in ["/etc/hostile", "/usr/hostile", "/usr/local/hostile", "/var/tmp/hostile", "/hostile"] {
        match fs::write(place, "was here") {
            Ok(()) => return Ok(place.into()),
            Err(error) => errors.push(error.to_string()),
        }
    }
    Err(errors.join(", "))
}

fn open_for_writing(path: &str) -> Result<String, String> {
    said(fs::OpenOptions::new().write(true).open(path)).map(|_| format!("{path} is open for writing"))
}

fn open_for_reading(path: &str) -> Result<String, String> {
    said(fs::File::open(path)).map(|_| format!("{path} is open"))
}

fn write_registry() -> Result<String, String> {
    let home = setting("CARGO_HOME");
    said(fs::write(format!("{home}/registry/hostile"), "was here")).map(|()| "written".into())
}

fn connect_tcp() -> Result<String, String> {
    let address: SocketAddr = setting("HOSTILE_TCP").parse().expect("an address");
    said(TcpStream::connect_timeout(&address, Duration::from_secs(2))).map(|_| "connected".into())
}

fn send_udp() -> Result<String, String> {
    // Where a loopback of its own exists, sending works and arrives nowhere: whoever runs this looks.
    let socket = said(UdpSocket::bind("127.0.0.1:0"))?;
    said(socket.send_to(b"hello", setting("HOSTILE_UDP")))?;
    Err("sent, whether or not anybody heard it".into())
}

fn connect_abstract() -> Result<String, String> {
    let name = setting("HOSTILE_ABSTRACT");
    let descriptor = unsafe { socket(1, 1, 0) };
    if descriptor < 0 {
        return Err(last_error());
    }
    let mut address = vec![1u8, 0, 0];
    address.extend(name.as_bytes());
    if unsafe { connect(descriptor, address.as_ptr(), address.len() as u32) } == 0 {
        return Ok("connected".into());
    }
    Err(last_error())
}

fn connect_unix() -> Result<String, String> {
    said(UnixStream::connect(setting("HOSTILE_SOCKET"))).map(|_| "connected".into())
}

fn open_socket(domain: i32, kind: i32, protocol: i32) -> Result<String, String> {
    match unsafe { socket(domain, kind, protocol) } {
        -1 => Err(last_error()),
        descriptor => Ok(format!("descriptor {descriptor}")),
    }
}

fn signal_host() -> Result<String, String> {
    let pid: i32 = setting("HOSTILE_PID").parse().expect("a process id");
    match unsafe { kill(pid, 9) } {
        0 => Ok("killed".into()),
        _ => Err(last_error()),
    }
}

fn rewrite_tests() -> Result<String, String> {
    let root = setting("CARGO_MANIFEST_DIR");
    let path = format!("{root}/tests/attack.rs");
    if fs::remove_file(&path).is_ok() {
        return Ok("removed".into());
    }
    if fs::rename(format!("{root}/tests"), format!("{root}/gone")).is_ok() {
        return Ok("renamed".into());
    }
    open_for_writing(&path)
}

fn plant_config() -> Result<String, String> {
    let root = setting("CARGO_MANIFEST_DIR");
    let folder = format!("{root}/.cargo");
    said(fs::create_dir_all(&folder))?;
    said(fs::write(format!("{folder}/config.toml"), "")).map(|()| "written".into())
}

fn call(name: &str, x86_64: i64, aarch64: i64, arguments: &[i64]) -> Result<String, String> {
    let number = if cfg!(target_arch = "x86_64") { x86_64 } else { aarch64 };
    let at = |index: usize| arguments.get(index).copied().unwrap_or(0);
    match unsafe { syscall(number, at(0), at(1), at(2), at(3), at(4)) } {
        -1 => Err(last_error()),
        0 if name == "clone" => std::process::exit(0),
        answer => Ok(format!("{name} answered {answer}")),
    }
}

fn io_uring() -> Result<String, String> {
    let parameters = [0u8; 120];
    call("io_uring_setup", 425, 425, &[8, parameters.as_ptr() as i64])
}

fn mount_tmpfs() -> Result<String, String> {
    let kind = c"tmpfs".as_ptr().cast();
    match unsafe { mount(kind, c"/mnt".as_ptr().cast(), kind, 0, std::ptr::null()) } {
        0 => Ok("mounted".into()),
        _ => Err(last_error()),
    }
}

const MEGABYTE: usize = 1 << 20;
const MUCH: usize = 4096; // MiB: an attempt that comes this far was not stopped

fn fill(folder: &str) -> Result<String, String> {
    let data = vec![7u8; 4 * MEGABYTE];
    for number in 0..MUCH / 4 {
        let written = fs::write(format!("{folder}/filling-{number}"), &data);
        said(written).map_err(|error| format!("after {} MiB: {error}", number * 4))?;
    }
    Ok(format!("{MUCH} MiB written"))
}

fn fill_unlinked(folder: &str) -> Result<String, String> {
    let data = vec![7u8; 4 * MEGABYTE];
    let mut held = Vec::new();
    for number in 0..MUCH / 4 {
        let path = format!("{folder}/hidden-{number}");
        let mut file = said(fs::File::create(&path))?;
        said(fs::remove_file(&path))?;
        said(file.write_all(&data)).map_err(|error| format!("after {} MiB: {error}", number * 4))?;
        held.push(file);
    }
    Ok(format!("{MUCH} MiB written"))
}

fn grow_one_file() -> Result<String, String> {
    let folder = var("CARGO_TARGET_DIR").unwrap_or("/w/target".into());
    unsafe { signal(25, 1) }; // SIGXFSZ ignored: the write itself then fails
    let mut file = said(fs::File::create(format!("{folder}/one")))?;
    let data = vec![7u8; MEGABYTE];
    for number in 0..MUCH {
        said(file.write_all(&data)).map_err(|error| format!("after {number} MiB: {error}"))?;
    }
    Ok(format!("{MUCH} MiB written"))
}

fn fork_bomb() -> Result<String, String> {
    for number in 0..20_000 {
        match unsafe { fork() } {
            -1 => {
                let why = last_error();
                println!("\nfork_bomb\tstopped\tafter {number} processes: {why}");
                std::io::stdout().flush().ok();
                std::thread::sleep(Duration::from_millis(300));
                std::process::exit(3);
            }
            0 => loop {
                std::thread::sleep(Duration::from_secs(60));
            },
            _ => {}
        }
    }
    Ok("20000 processes".into())
}

/// Every process makes new ones as fast as it can, in sessions of their own.
fn multiply_for_ever() -> Result<String, String> {
    loop {
        if unsafe { fork() } == 0 {
            unsafe { setsid() };
        }
    }
}

fn leave_daemon() -> Result<String, String> {
    let marker = setting("HOSTILE_DAEMON");
    if unsafe { fork() } == 0 {
        unsafe { setsid() };
        let mut command = Command::new("sh");
        command.args(["-c", &format!("trap '' TERM HUP INT; : {marker}; while sleep 1; do :; done")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("sh starts");
        std::process::exit(0);
    }
    std::thread::sleep(Duration::from_millis(200));
    Ok("left".into())
}

fn print_much() -> Result<String, String> {
    let line = vec![b'x'; MEGABYTE];
    let mut out = std::io::stdout().lock();
    for _ in 0..1024 {
        said(out.write_all(&line))?;
    }
    Ok("printed".into())
}

fn touched(megabytes: usize) -> Vec<Vec<u8>> {
    (0..megabytes).map(|number| vec![number as u8 | 1; MEGABYTE]).collect()
}

fn allocate() -> Result<String, String> {
    let held = touched(MUCH);
    Ok(format!("{} MiB held", held.len()))
}

fn allocate_in_children() -> Result<String, String> {
    // Each stays below the limit; all together do not.
    for _ in 0..8 {
        if unsafe { fork() } == 0 {
            let held = touched(96);
            std::thread::sleep(Duration::from_secs(8));
            std::process::exit(held.len() as i32);
        }
    }
    std::thread::sleep(Duration::from_secs(8));
    Ok("768 MiB held by 8 processes".into())
}

fn ignore_signals() -> Result<String, String> {
    for number in [1, 2, 3, 15] {
        unsafe { signal(number, 1) };
    }
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// No attack: what honest tests of servers do.
fn serve_on_loopback() -> Result<String, String> {
    let listener = said(std::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = said(listener.local_addr())?;
    said(TcpStream::connect(address)).map(|_| "served".into())
}

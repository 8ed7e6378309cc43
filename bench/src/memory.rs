use std::fs;

/// What the kernel says of a process's memory under a name of `/proc/<id>/status`, such as `VmHWM`, the most that it ever held; `None` once it has ended.
pub fn memory_bytes(process_id: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let mut values = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = values.find(|(found, _)| *found == name)?;
    let kilobytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
